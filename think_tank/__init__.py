"""Virtual institutes: pooled experts, and panels that meet every rule and can be explained."""

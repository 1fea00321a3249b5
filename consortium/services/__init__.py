"""What upper floors may ask and order of the register."""

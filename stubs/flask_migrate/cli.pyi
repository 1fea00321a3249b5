import click

db: click.Group

"""What the commands do, a file for each kind. At the top they import what is light; a memory is opened within."""

"""The recipe of the packaged application. Building and installing it is `packaging/check_install.py`'s."""

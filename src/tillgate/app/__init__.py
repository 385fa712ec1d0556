"""The application: the one place that names concrete classes, threads and the command line."""

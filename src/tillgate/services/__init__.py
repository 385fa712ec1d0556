"""Use cases as plain functions: one public function is one button, one timer tick or one API call."""

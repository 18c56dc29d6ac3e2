"""What measures the project: start, preprocessing, models, real pictures."""

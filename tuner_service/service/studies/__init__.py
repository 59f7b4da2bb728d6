"""What users do with studies: open and steer them."""

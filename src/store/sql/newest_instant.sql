SELECT newest FROM state

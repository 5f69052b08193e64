SELECT marking_from FROM state

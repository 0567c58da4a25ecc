"""Programs at the door: their keys, what each key may do, and the form in which the REST API answers."""

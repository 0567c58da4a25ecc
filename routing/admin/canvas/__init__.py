"""What the canvas asks of the server: every address below `…/flow/<id>/canvas/`."""

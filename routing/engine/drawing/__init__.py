"""What whoever draws a flow needs beside the flow: its steps in words, mends, comparison, collapsing to a sub-flow."""

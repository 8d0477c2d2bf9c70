"""From a draft to a record that can be stored: what cannot be taken is a problem, what is changed a notice."""

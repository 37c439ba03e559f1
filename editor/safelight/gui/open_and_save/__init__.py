"""Open and save: photographs, projects and raw files on their way in, and what keeps them."""

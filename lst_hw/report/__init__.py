"""The report of a design: facts, pictures, and the HTML page and Markdown made from them."""

"""Small pictures: a learnt codec, which the plugin of that name ships."""

"""The process boundary: plugins and networks run on the far side of it, the photograph stays here.

protocol   length-capped JSON frames over a socket of their own
blocks     pixels in shared memory that the host alone makes
process    the far side: loads plugins, runs filters
inference  one class in front of ONNX Runtime (far side)
rehearsal  learns how a filter wants to be cut (far side)
pool       the near side: starts, asks, stops and replaces workers
catalog    which filters there are, remembered
tiling     how a picture is cut into pieces
job        one run of one filter over a document
"""

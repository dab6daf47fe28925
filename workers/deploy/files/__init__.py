"""The stack's directory: what is there, what comes, what is put back.

layout        where a stack's live, staged, undo and kept files lie
safe_path     opening paths below a folder, whatever links are in the way
manifest      which files Tegu has written
stage         the new files, beside the live ones
switch_plan   what has to be moved, and what is in the way
switch        moving it, and back
unversioned   files beside Git's that a deployment read
data          data in another directory that the project runs from
bring_data    moving or copying it here, and back
adopted       files of a project that somebody called by hand
"""

-- Reads what a quick decision needs of many stacks, and takes nothing.
-- ARGV: stack…  Returns: of each what `known_of` has.
local found = {}
for place = 1, #ARGV do found[place] = known_of(ARGV[place]) end
return found

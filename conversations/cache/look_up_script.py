"""What the look-up does within Redis: one script, so one round trip whatever it asks."""

from chat_project.redis import Script

# KEYS: of records to set if absent, of settings, of the pairs' hashes, of the limits' buckets.
# ARGV: how many records, settings, limits; seconds to live; the records, the pairs' users, and for
# each limit the microseconds of one message and of the whole bucket. Gives, for each record, 1
# (set), 0 (was there), or {which limit it does not fit into, for how many microseconds}; then
# records, settings, members. One command: a pipeline of four costs its caller half as much again.
#
# The time is that of Redis: the hosts' clocks differ, and a bucket that some of them see in the
# past and others in the future is none. It may jump (NTP, a failover): a bucket is never emptier
# than empty, so that costs at most one burst, or the wait for one.
LOOK_UP = Script(
    """
local records, settings, limits = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local pairs_from, buckets_from = records + settings, #KEYS - limits
local now, full, interval, span = 0, {}, {}, {}
if limits > 0 then
  local clock = redis.call('TIME')
  now = clock[1] * 1000000 + clock[2]
end
for j = 1, limits do
  interval[j] = tonumber(ARGV[#ARGV - 2 * (limits - j) - 1])
  span[j] = tonumber(ARGV[#ARGV - 2 * (limits - j)])
  local at = tonumber(redis.call('GET', KEYS[buckets_from + j]) or 0) or 0
  full[j] = math.min(math.max(at, now), now + span[j])
end

local set, taken, refused = {}, 0, 0
for i = 1, records do
  local which, wait = 0, 0
  for j = 1, limits do
    local lacks = full[j] + interval[j] * (refused + 1) - now - span[j]
    if lacks > wait then which, wait = j, lacks end
  end
  if wait > 0 then
    if redis.call('EXISTS', KEYS[i]) == 1 then
      set[i] = 0
    else
      set[i] = {which, wait}
      refused = refused + 1
    end
  elseif redis.call('SET', KEYS[i], ARGV[4 + i], 'NX', 'EX', ARGV[4]) then
    set[i] = 1
    taken = taken + 1
    for j = 1, limits do full[j] = full[j] + interval[j] end
  else
    set[i] = 0
  end
end
if taken > 0 then
  for j = 1, limits do
    local milliseconds = math.ceil((full[j] - now) / 1000)
    redis.call('SET', KEYS[buckets_from + j], string.format('%.0f', full[j]), 'PX', milliseconds)
  end
end

local stored, found, members = {}, {}, {}
for i = 1, records do stored[i] = redis.call('GET', KEYS[i]) end
for i = 1, settings do found[i] = redis.call('GET', KEYS[records + i]) end
for i = pairs_from + 1, buckets_from do
  members[i - pairs_from] = redis.call('HGET', KEYS[i], ARGV[4 + i - settings])
end
return {set, stored, found, members}
"""
)

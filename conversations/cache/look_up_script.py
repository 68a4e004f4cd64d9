"""What the look-up does within Redis: one script, so one round trip whatever it asks."""

from chat_project.redis import Script

# KEYS: of records to set if absent, of settings, of the pairs' hashes, of the limits' buckets: first
# those of new messages, then as many of repeated ones.
# ARGV: how many records, settings, buckets of a kind; seconds to live; the records, the pairs'
# users, and for each bucket the microseconds of one message and of the whole bucket. Gives, for each
# record, 1 (set), 0 (was there), or {which bucket it does not fit into, for how many microseconds};
# then records, settings, members. One command: a pipeline of four costs its caller half as much again.
#
# The time is that of Redis: the hosts' clocks differ, and a bucket that some of them see in the
# past and others in the future is none. It may jump (NTP, a failover): a bucket is never emptier
# than empty, so that costs at most one burst, or the wait for one.
LOOK_UP = Script(
    """
local records, settings, limits = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local pairs_from, buckets_from = records + settings, #KEYS - 2 * limits
local now, buckets = 0, {}
if limits > 0 then
  local clock = redis.call('TIME')
  now = clock[1] * 1000000 + clock[2]
end

local function bucket(j)
  if not buckets[j] then
    local place = #ARGV - 2 * (2 * limits - j)
    local interval, span = tonumber(ARGV[place - 1]), tonumber(ARGV[place])
    local at = tonumber(redis.call('GET', KEYS[buckets_from + j]) or 0) or 0
    local full = math.min(math.max(at, now), now + span)
    buckets[j] = {interval = interval, span = span, full = full, taken = false}
  end
  return buckets[j]
end

local NEW, REPEATED = 1, 2
local refused = {0, 0}

local function lack(kind)
  local which, wait = 0, 0
  for j = (kind - 1) * limits + 1, kind * limits do
    local one = bucket(j)
    local lacks = one.full + one.interval * (refused[kind] + 1) - now - one.span
    if lacks > wait then which, wait = j, lacks end
  end
  return which, wait
end

local function take(kind)
  for j = (kind - 1) * limits + 1, kind * limits do
    local one = bucket(j)
    one.full = one.full + one.interval
    one.taken = true
  end
end

local set = {}
for i = 1, records do
  local kind, outcome = NEW, 1
  local which, wait = lack(NEW)
  if wait > 0 then
    if redis.call('EXISTS', KEYS[i]) == 1 then kind = REPEATED end
  elseif not redis.call('SET', KEYS[i], ARGV[4 + i], 'NX', 'EX', ARGV[4]) then
    kind = REPEATED
  end
  if kind == REPEATED then
    outcome = 0
    which, wait = lack(REPEATED)
  end
  if wait > 0 then
    set[i] = {which, wait}
    refused[kind] = refused[kind] + 1
  else
    set[i] = outcome
    take(kind)
  end
end
for j = 1, 2 * limits do
  local one = buckets[j]
  if one and one.taken then
    local milliseconds = math.ceil((one.full - now) / 1000)
    redis.call('SET', KEYS[buckets_from + j], string.format('%.0f', one.full), 'PX', milliseconds)
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

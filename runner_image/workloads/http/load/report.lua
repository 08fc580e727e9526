-- wrk calls these. Prints one line of JSON: what was answered, by class, the time that requests were under way,
-- and for how long each connection received nothing at the end.
-- Before this text stand: target_port, most_files (descriptors that are looked at), expected_status, expected_bytes, expected_body (nil: not checked), and wrk.method, path, headers, body.
local ffi = require("ffi")
ffi.cdef([[
  typedef struct { long s; long ns; } benchfleet_time;
  int clock_gettime(int clock, benchfleet_time *time);
  int getpeername(int file, void *address, unsigned int *length);
  int getsockopt(int file, int level, int option, void *value, unsigned int *length);
]])
local MONOTONIC = 1
local TCP, TCP_INFO = 6, 11
local LAST_DATA_RECV = 13 -- of struct tcp_info, counted in words of four bytes: milliseconds since the last data came
local time = ffi.new("benchfleet_time")
local text
local threads = {}

local function now()
  ffi.C.clock_gettime(MONOTONIC, time)
  return tonumber(time.s) + tonumber(time.ns) * 1e-9
end

function setup(thread)
  table.insert(threads, thread)
  thread:set("number", #threads)
end

function init(_)
  text = wrk.format()
  began = now() -- globals: done() reads them from each thread
  asked = 0
  answered = 0
  under_way = 0 -- seconds: what was answered, minus what was asked, since `began`
  ok = 0
  wrong_body = 0
  last = began
  c1, c2, c3, c4, c5, c6 = 0, 0, 0, 0, 0, 0
  looked_at = number == 1 -- wrk calls request() of its first thread once, to look at the text
end

function request()
  if looked_at then
    looked_at = false
    return text
  end
  asked = asked + 1
  under_way = under_way - (now() - began)
  return text
end

local function count_class(status)
  local first = math.floor(status / 100)
  if first == 2 then c2 = c2 + 1
  elseif first == 4 then c4 = c4 + 1
  elseif first == 5 then c5 = c5 + 1
  elseif first == 3 then c3 = c3 + 1
  elseif first == 1 then c1 = c1 + 1
  else c6 = c6 + 1 end
end

function response(status, _, body)
  last = now()
  answered = answered + 1
  under_way = under_way + (last - began)
  count_class(status)
  if status == expected_status then
    if (expected_bytes and #body ~= expected_bytes) or (expected_body and body ~= expected_body) then
      wrong_body = wrong_body + 1
    else
      ok = ok + 1
    end
  end
end

local function port_of(file)
  local address, length = ffi.new("uint8_t[128]"), ffi.new("unsigned int[1]", 128)
  if ffi.C.getpeername(file, address, length) ~= 0 then return nil end
  return address[2] * 256 + address[3]
end

-- Each connection's own: wrk tells response() nothing of the connection. They are open still when done() is called.
local function quiet_ms()
  local found, info, length = {}, ffi.new("uint32_t[64]"), ffi.new("unsigned int[1]")
  for file = 3, most_files do
    length[0] = 256
    if port_of(file) == target_port and ffi.C.getsockopt(file, TCP, TCP_INFO, info, length) == 0 then
      table.insert(found, tonumber(info[LAST_DATA_RECV]))
    end
  end
  return table.concat(found, ",")
end

function done(summary, _, _)
  local sums = {}
  for _, name in ipairs({ "asked", "answered", "under_way", "ok", "wrong_body", "c1", "c2", "c3", "c4", "c5", "c6" }) do
    sums[name] = 0
    for _, thread in ipairs(threads) do
      sums[name] = sums[name] + thread:get(name)
    end
  end
  local open = 0
  for _, thread in ipairs(threads) do
    open = open + (thread:get("asked") - thread:get("answered")) * (thread:get("last") - thread:get("began"))
  end
  local errors = summary.errors
  print(string.format(
    '{"requests":%d,"duration_us":%d,"bytes":%d,"ok":%d,"wrong_body":%d,"asked":%d,"answered":%d,"under_way_s":%.6f,' ..
    '"by_class":{"1xx":%d,"2xx":%d,"3xx":%d,"4xx":%d,"5xx":%d,"other":%d},' ..
    '"errors":{"connect":%d,"read":%d,"write":%d,"timeout":%d},"quiet_ms":[%s]}',
    summary.requests, summary.duration, summary.bytes, sums.ok, sums.wrong_body, sums.asked, sums.answered,
    sums.under_way + open, sums.c1, sums.c2, sums.c3, sums.c4, sums.c5, sums.c6,
    errors.connect, errors.read, errors.write, errors.timeout, quiet_ms()))
end

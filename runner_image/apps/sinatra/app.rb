# Sinatra, with the validated twins checked against the contract's schemas.
require "json"
require "sinatra/base"
require_relative "schema_check"

# Event `n` is due `n` intervals after the stream was asked for.
module Ticks
  def self.write(io, count, interval_s)
    start = now
    count.times do |tick|
      wait = start + tick * interval_s - now
      sleep(wait) if wait.positive?
      io.write("id: #{tick}\ndata: #{JSON.generate(tick: tick)}\n\n")
    end
  rescue IOError, SystemCallError
    nil # the client has gone
  ensure
    io.close
  end

  def self.now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

class App < Sinatra::Base
  set :environment, :production
  set :show_exceptions, false
  set :raise_errors, false
  set :logging, false
  set :static, false
  disable :protection, :sessions

  SCHEMAS = JSON.parse(File.read(File.join(__dir__, "schemas.json")))

  before { content_type :json }

  error JSON::ParserError do
    halt 400, JSON.generate(detail: "no JSON")
  end

  helpers do
    def told(value) = JSON.generate(value)

    # What the path names, without Sinatra's own and the query's.
    def named(*names) = names.to_h { |name| [name, params[name]] }

    def checked(name, value)
      wrong = SchemaCheck.wrong(SCHEMAS.fetch(name), value)
      halt 400, told(detail: wrong) if wrong
      told(value)
    end

    def typed(name, value) = checked(name, SchemaCheck.typed(SCHEMAS.fetch(name), value))

    # Repeated keys are lists: Rack itself would keep the last one.
    def fields
      pairs = URI.decode_www_form(request.body.read)
      pairs.group_by(&:first).transform_values { |of| of.size == 1 ? of[0][1] : of.map(&:last) }
    end

    def counted
      files = request.POST.values.select { |part| part.is_a?(Hash) && part[:tempfile] }
      { files_received: files.size, total_bytes: files.sum { |file| file[:tempfile].size } }
    end
  end

  get("/") { told(status: "ok") }
  get("/health") { told(status: "ok") }

  %w[small medium large very-large].each do |size|
    post("/json/#{size}") { told(JSON.parse(request.body.read)) }
    post("/validated/json/#{size}") { checked("json-#{size}", JSON.parse(request.body.read)) }
  end

  { "simple" => %w[id], "multiple" => %w[user_id post_id], "deep" => %w[org team project resource id],
    "int" => %w[id], "uuid" => %w[id], "date" => %w[date] }.each do |kind, names|
    rule = "/path/#{kind}/#{names.map { |name| ":#{name}" }.join("/")}"
    get(rule) { told(kind == "int" ? { id: params["id"].to_i } : named(*names)) }
    get("/validated#{rule}") { typed("path-#{kind}", named(*names)) }
  end

  %w[few medium many].each do |size|
    get("/query/#{size}") { told(request.GET) }
    get("/validated/query/#{size}") { typed("query-#{size}", request.GET) }
  end

  %w[simple complex].each do |size|
    post("/urlencoded/#{size}") { told(fields) }
    post("/validated/urlencoded/#{size}") { typed("urlencoded-#{size}", fields) }
  end

  # Rack's hijack gives the connection away: a thread of its own writes the events, none of Puma's waits meanwhile.
  get "/sse/ticks" do
    count, interval_s = Integer(params.fetch("count", 10)), Float(params.fetch("interval_ms", 0)) / 1000
    send = ->(io) { Thread.new { Ticks.write(io, count, interval_s) } }
    [200, { "Content-Type" => "text/event-stream", "rack.hijack" => send }, [].each]
  end

  post("/multipart/:size") { told(counted) }
  post("/validated/multipart/:size") do
    answer = counted
    halt 400, told(detail: "at least one file is required") if answer[:files_received].zero?
    told(answer)
  end
end

# Spikard in Ruby: `bundle exec ruby server.rb PORT`. Needs the gem from rubygems.org.
# Its own reading turns texts of queries and forms into numbers and booleans: the raw routes turn them back.
require "json"
require "spikard"
require_relative "schema_check"

# Its server takes its port from here, and listens on 127.0.0.1.
ENV["SPIKARD_SERVER_PORT"] = ARGV[0] || ENV["PORT"] || "8000"
SCHEMAS = JSON.parse(File.read(File.join(__dir__, "schemas.json")))
PATHS = { "simple" => %w[id], "multiple" => %w[user_id post_id], "deep" => %w[org team project resource id],
          "int" => %w[id], "uuid" => %w[id], "date" => %w[date] }.freeze
HEADERS = { "content-type" => "application/json" }.freeze

app = Spikard::App.new

def told(value, status = 200)
  { status_code: status, headers: HEADERS, content: value }
end

def text(value)
  value.is_a?(Array) ? value.map { |one| text(one) } : value.to_s
end

def texts(values)
  (values || {}).to_h { |name, value| [name.to_s, text(value)] }
end

def checked(name, value)
  wrong = SchemaCheck.wrong(SCHEMAS.fetch(name), value)
  wrong ? told({ detail: wrong }, 400) : told(value)
end

def typed(name, value)
  checked(name, SchemaCheck.typed(SCHEMAS.fetch(name), value))
end

def counted(body)
  sizes = (body.is_a?(Hash) ? body.values.flatten : []).filter_map { |part| part["size"] if part.is_a?(Hash) }
  { files_received: sizes.size, total_bytes: sizes.sum }
end

# The route of a method (get, post) and path: its block gets the request as a Hash with "path_params", "query_params", "body".
# Its own get and post hand over named parameters only, all of them required.
define_singleton_method(:route) do |method, path, &block|
  app.register_route(Spikard::RouteBuilder.new(method, path), block)
end

%w[/ /health].each { |path| route("get", path) { |_request| told({ status: "ok" }) } }

%w[small medium large very-large].each do |size|
  route("post", "/json/#{size}") { |request| told(request["body"]) }
  route("post", "/validated/json/#{size}") { |request| checked("json-#{size}", request["body"]) }
end

PATHS.each do |kind, names|
  rule = "/path/#{kind}/#{names.map { |name| "{#{name}}" }.join("/")}"
  route("get", rule) do |request|
    values = texts(request["path_params"])
    told(kind == "int" ? { id: Integer(values["id"], 10) } : values)
  end
  route("get", "/validated#{rule}") { |request| typed("path-#{kind}", texts(request["path_params"])) }
end

%w[few medium many].each do |size|
  route("get", "/query/#{size}") { |request| told(texts(request["query_params"])) }
  route("get", "/validated/query/#{size}") { |request| typed("query-#{size}", texts(request["query_params"])) }
end

%w[simple complex].each do |size|
  route("post", "/urlencoded/#{size}") { |request| told(texts(request["body"])) }
  route("post", "/validated/urlencoded/#{size}") { |request| typed("urlencoded-#{size}", texts(request["body"])) }
end

%w[small medium large].each do |size|
  route("post", "/multipart/#{size}") { |request| told(counted(request["body"])) }
  route("post", "/validated/multipart/#{size}") do |request|
    answer = counted(request["body"])
    answer[:files_received].zero? ? told({ detail: "at least one file is required" }, 400) : told(answer)
  end
end

app.run

# Spikard in Ruby: `bundle exec ruby server.rb PORT`. Needs the gem from rubygems.org.
# Its own reading turns texts of queries and forms into numbers and booleans: the raw routes turn them back.
require "json"
require "spikard"
require_relative "schema_check"

PORT = Integer(ARGV[0] || ENV["PORT"] || 8000)
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
  sizes = (body.is_a?(Hash) ? body.values : []).filter_map { |part| part["size"] if part.is_a?(Hash) }
  { files_received: sizes.size, total_bytes: sizes.sum }
end

%w[/ /health].each { |path| app.get(path) { |_request| told({ status: "ok" }) } }

%w[small medium large very-large].each do |size|
  app.post("/json/#{size}") { |request| told(request[:body]) }
  app.post("/validated/json/#{size}") { |request| checked("json-#{size}", request[:body]) }
end

PATHS.each do |kind, names|
  rule = "/path/#{kind}/#{names.map { |name| ":#{name}" }.join("/")}"
  app.get(rule) do |request|
    values = texts(request[:path_params])
    told(kind == "int" ? { id: Integer(values["id"], 10) } : values)
  end
  app.get("/validated#{rule}") { |request| typed("path-#{kind}", texts(request[:path_params])) }
end

%w[few medium many].each do |size|
  app.get("/query/#{size}") { |request| told(texts(request[:query])) }
  app.get("/validated/query/#{size}") { |request| typed("query-#{size}", texts(request[:query])) }
end

%w[simple complex].each do |size|
  app.post("/urlencoded/#{size}") { |request| told(texts(request[:body])) }
  app.post("/validated/urlencoded/#{size}") { |request| typed("urlencoded-#{size}", texts(request[:body])) }
end

%w[small medium large].each do |size|
  app.post("/multipart/#{size}") { |request| told(counted(request[:body])) }
  app.post("/validated/multipart/#{size}") do |request|
    answer = counted(request[:body])
    answer[:files_received].zero? ? told({ detail: "at least one file is required" }, 400) : told(answer)
  end
end

app.run(config: { host: "0.0.0.0", port: PORT, workers: 1 })

# Sinatra on Puma, one process of five threads: `ruby server.rb PORT`.
require "puma"
require "puma/configuration"
require "puma/launcher"
require_relative "app"

port = Integer(ARGV[0] || ENV["PORT"] || 8000)
settings = Puma::Configuration.new do |config|
  config.bind "tcp://0.0.0.0:#{port}"
  config.threads 5, 5
  config.workers 0
  config.environment "production"
  config.quiet
  config.app App
end
Puma::Launcher.new(settings).run

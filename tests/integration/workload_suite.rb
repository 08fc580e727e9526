# A suite of two sums that takes the flags and writes the files that ruby-bench documents. "broken" fails on purpose;
# with BREAKS=1 it fails behind all benchmarks; with LIES=1 it forgets the flags of its rubies, as a driver once did.
require "json"

out = ARGV.find { |arg| arg.start_with?("--out-path=") }.split("=", 2).last
names = (ARGV.find { |arg| arg.start_with?("--name_filters=") } || "--name_filters=sum,broken").split("=", 2).last.split(",")
variants = ARGV.each_cons(2).select { |flag, _| flag == "-e" }.to_h { |_, value| value.split("::", 2) }
measure = <<~'RUBY'
  require "json"
  abort "nothing to add" if ARGV[0] == "broken"
  times = Array.new(5) { t = Process.clock_gettime(1); (1..20_000).sum { |n| n ^ 1 }; Process.clock_gettime(1) - t }
  puts JSON.generate("RUBY_DESCRIPTION" => RUBY_DESCRIPTION, "warmup" => times.shift(2), "bench" => times)
RUBY

data, failed = Hash.new { |all, key| all[key] = {} }, false
variants.each do |variant, ruby|
  program = ENV["LIES"] ? ruby.split.first(1) : ruby.split
  names.each_with_index do |name, index|
    puts "Running benchmark \"#{name}\" (#{index + 1}/#{names.size})"
    $stdout.flush
    said = IO.popen([*program, "-e", measure, name], &:read)
    $?.success? ? data[variant][name] = JSON.parse(said) : failed = true
  end
end
puts "Total time spent benchmarking: 0s"
abort "cannot write" if ENV["LOST"]
File.write("#{out}/output_001.json", JSON.generate("metadata" => {}, "raw_data" => data))
File.write("#{out}/output_001.txt", "a table of #{ENV["WEB_CONCURRENCY"]} process\n")
File.write("#{out}/output_001.csv", "bench,interp (ms)\n")
abort "no table" if ENV["BREAKS"]
exit(failed ? 1 : 0)

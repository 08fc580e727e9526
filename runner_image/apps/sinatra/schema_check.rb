# The little of JSON Schema that the contract uses: Debian's packages hold no validator of today's drafts.
require "date"

module SchemaCheck
  UUID = /\A\h{8}-\h{4}-\h{4}-\h{4}-\h{12}\z/
  KINDS = { "string" => [String], "integer" => [Integer], "number" => [Integer, Float], "boolean" => [true.class, false.class],
            "array" => [Array], "object" => [Hash] }.freeze

  # Texts as the values that the schema names; a text that is none stays one.
  def self.typed(schema, values)
    values.to_h { |name, value| [name, read(schema["properties"].dig(name, "type"), value)] }
  end

  # What is wrong, as a text; nil where nothing is.
  def self.wrong(schema, value, at = "body")
    return "#{at}: no #{schema["type"]}" unless KINDS.fetch(schema["type"]).include?(value.class)

    case value
    when String then "#{at}: not as it should be" unless text?(schema, value)
    when Array then value.each_with_index.filter_map { |one, index| wrong(schema["items"], one, "#{at}[#{index}]") }.first
    when Hash then wrong_object(schema, value, at)
    end
  end

  def self.wrong_object(schema, value, at)
    missing = schema["required"].find { |name| !value.key?(name) }
    return "#{at}.#{missing}: missing" if missing

    schema["properties"].each do |name, of|
      found = value.key?(name) && wrong(of, value[name], "#{at}.#{name}")
      return found if found
    end
    nil
  end

  def self.text?(schema, text)
    return false if text.size < schema.fetch("minLength", 0) || text.size > schema.fetch("maxLength", text.size)
    return false if schema["pattern"] && !Regexp.new(schema["pattern"]).match?(text)

    case schema["format"]
    when "uuid" then UUID.match?(text)
    when "date" then Date.iso8601(text) && true
    else true
    end
  rescue Date::Error
    false
  end

  def self.read(kind, text)
    case kind
    when "integer" then Integer(text, 10)
    when "number" then Float(text)
    when "boolean" then { "true" => true, "false" => false }.fetch(text, text)
    else text
    end
  rescue ArgumentError, TypeError
    text
  end
  private_class_method :wrong_object, :text?, :read
end

package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.HeaderMismatch;
import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.protocol.HeaderParameters;
import io.reflow.gateway.protocol.HeaderParameters.Parameter;
import io.reflow.gateway.protocol.HeaderText;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.RawJson;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Checks that the arguments of a tool that travel in headers too say the same in both places, and
/// picks out those headers that may mean something to its target alone.
///
/// See
/// <https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-validation>
final class ParameterHeaders {

  private static final int LONGEST_NUMBER = 40;
  private static final int MOST_FOREIGN = 32;
  private static final int LARGEST_FOREIGN = 8 << 10;

  private ParameterHeaders() {}

  /// Checks those that the tool's definition knows.
  ///
  /// @param definition of the tool, as its target lists it
  /// @return the headers of parameters that the definition does not know, as they came
  static Map<String, String> check(
      RawJson definition, Message.Request request, Incoming.Headers headers) {
    try {
      HeaderParameters parameters = HeaderParameters.read(definition);
      Map<String, String> sent = headers.beginningWith(HeaderParameters.PREFIX);
      if (parameters.all().isEmpty()) {
        return bounded(sent);
      }
      Map<String, String> foreign = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
      foreign.putAll(sent);
      Map<String, String> values = parameters.valuesIn(request.params().value("arguments"));
      for (Parameter parameter : parameters.all()) {
        check(parameter, values, headers);
        foreign.remove(parameter.header());
      }
      return bounded(foreign);
    } catch (MalformedMessage e) {
      throw new InvalidParams("the parameters of the tool can't be checked: " + e.why());
    }
  }

  private static Map<String, String> bounded(Map<String, String> foreign) {
    int size = 0;
    for (Map.Entry<String, String> header : foreign.entrySet()) {
      size += header.getKey().length() + header.getValue().length();
      if (!header.getValue().chars().allMatch(c -> c == '\t' || (c >= ' ' && c < 0x7F))) {
        throw new HeaderMismatch(
            "the header %s holds what no header may".formatted(header.getKey()));
      }
    }
    if (foreign.size() > MOST_FOREIGN || size > LARGEST_FOREIGN) {
      throw new HeaderMismatch(
          "of %s* headers that the tool does not name at most %d with %d bytes in all are passed on"
              .formatted(HeaderParameters.PREFIX, MOST_FOREIGN, LARGEST_FOREIGN));
    }
    return foreign;
  }

  private static void check(
      Parameter parameter, Map<String, String> values, Incoming.Headers headers) {
    Optional<String> value =
        Optional.ofNullable(values.get(parameter.header().toLowerCase(Locale.ROOT)));
    Optional<String> sent = headers.find(parameter.header());
    Optional<String> meant = sent.flatMap(HeaderText::decode);
    boolean same =
        sent.isPresent() == value.isPresent()
            && sent.isPresent() == meant.isPresent()
            && (sent.isEmpty() || equal(parameter, value.get(), meant.get()));
    if (!same) {
      throw new HeaderMismatch(
          "the header %s is not what the body says".formatted(parameter.header()));
    }
  }

  private static boolean equal(Parameter parameter, String value, String header) {
    return value.equals(header) || (parameter.integer() && equalNumbers(value, header));
  }

  private static boolean equalNumbers(String one, String other) {
    if (one.length() > LONGEST_NUMBER || other.length() > LONGEST_NUMBER) {
      return false;
    }
    try {
      return new BigDecimal(one).compareTo(new BigDecimal(other)) == 0;
    } catch (NumberFormatException _) {
      return false;
    }
  }
}

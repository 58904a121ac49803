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

/// Checks that the arguments of a tool that travel in headers too say the same in both places.
///
/// See
/// <https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http#server-validation>
final class ParameterHeaders {

  private static final int LONGEST_NUMBER = 40;

  private ParameterHeaders() {}

  /// @param definition of the tool, as its target lists it
  static void check(RawJson definition, Message.Request request, Incoming.Headers headers) {
    try {
      HeaderParameters parameters = HeaderParameters.read(definition);
      if (parameters.all().isEmpty()) {
        return;
      }
      Map<String, String> values = parameters.valuesIn(request.params().value("arguments"));
      for (Parameter parameter : parameters.all()) {
        check(parameter, values, headers);
      }
    } catch (MalformedMessage e) {
      throw new InvalidParams("the parameters of the tool can't be checked: " + e.why());
    }
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

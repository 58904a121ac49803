package io.reflow.gateway.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HeaderParametersTest {

  private static RawJson tool(String properties) {
    return RawJson.of(
        "{\"name\":\"t\",\"inputSchema\":{\"type\":\"object\",\"properties\":" + properties + "}}");
  }

  @Test
  void mirrorsWhatTheArgumentsSay() throws MalformedMessage {
    RawJson tool =
        tool(
            """
            {"region":{"type":"string","x-mcp-header":"Region"},
             "count":{"type":"integer","x-mcp-header":"Count"},
             "dry":{"type":"boolean","x-mcp-header":"Dry"},
             "none":{"type":"string","x-mcp-header":"None"},
             "nil":{"type":"string","x-mcp-header":"Nil"},
             "in":{"type":"object","properties":{"deep":{"type":"string","x-mcp-header":"Deep"}}},
             "x-mcp-header":{"type":"string"}}\
            """);
    RawJson arguments =
        RawJson.of(
            "{\"region\":\"世\",\"count\":1e3,\"dry\":false,\"nil\":null,\"in\":{\"deep\":\"x\"}}");

    Map<String, String> headers = HeaderParameters.read(tool).headers(Optional.of(arguments));

    assertThat(headers)
        .containsExactly(
            Map.entry("Mcp-Param-Region", "=?base64?5LiW?="),
            Map.entry("Mcp-Param-Count", "1000"),
            Map.entry("Mcp-Param-Dry", "false"),
            Map.entry("Mcp-Param-Deep", "x"));
  }

  @Test
  void aCallWithoutArgumentsHasNoHeaders() throws MalformedMessage {
    HeaderParameters parameters =
        HeaderParameters.read(tool("{\"a\":{\"type\":\"string\",\"x-mcp-header\":\"A\"}}"));

    assertThat(parameters.headers(Optional.empty())).isEmpty();
    assertThat(HeaderParameters.read(tool("{}"))).isEqualTo(HeaderParameters.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'a':{'type':'string','x-mcp-header':''}}",
        "{'a':{'type':'string','x-mcp-header':'a b'}}",
        "{'a':{'type':'string','x-mcp-header':1}}",
        "{'a':{'type':'number','x-mcp-header':'A'}}",
        "{'a':{'type':['string','null'],'x-mcp-header':'A'}}",
        "{'a':{'type':'object','x-mcp-header':'A'}}",
        "{'a':{'type':'string','x-mcp-header':'A'},'b':{'type':'string','x-mcp-header':'a'}}",
        "{'a':{'type':'array','items':{'type':'string','x-mcp-header':'A'}}}",
        "{'a':{'oneOf':[{'type':'string','x-mcp-header':'A'}]}}",
        "{'a':{'$ref':'#/$defs/x','x-mcp-header':'A'}}"
      })
  void refusesAnnotationsThatBreakTheRules(String properties) {
    RawJson tool = tool(properties.replace('\'', '"'));

    assertThatThrownBy(() -> HeaderParameters.read(tool)).isInstanceOf(MalformedMessage.class);
  }
}

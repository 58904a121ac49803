package io.reflow.gateway.http;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import io.reflow.gateway.fault.GatewayException.InvalidRequest;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/// JSON as editors keep it in their settings: with comments and commas after the last member.
final class RelaxedJson {

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(JsonReadFeature.ALLOW_JAVA_COMMENTS)
          .enable(JsonReadFeature.ALLOW_TRAILING_COMMA)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(JsonShape.MAX_DEPTH)
                  .maxStringLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private RelaxedJson() {}

  /// The same in plain JSON.
  static String strict(String text) {
    String json = text.startsWith("\ufeff") ? text.substring(1) : text;
    var strict = new StringWriter(json.length());
    try (JsonParser parser = JSON.createParser(json);
        JsonGenerator generator = JSON.createGenerator(strict)) {
      while (parser.nextToken() != null) {
        generator.copyCurrentEvent(parser);
      }
    } catch (StreamConstraintsException _) {
      throw new InvalidRequest(
          "the body is nested deeper than %d levels or has an oversized number or name"
              .formatted(JsonShape.MAX_DEPTH));
    } catch (JsonProcessingException e) {
      throw new InvalidRequest(
          "the body is not valid JSON at line %d, column %d: %s"
              .formatted(
                  e.getLocation() == null ? 0 : e.getLocation().getLineNr(),
                  e.getLocation() == null ? 0 : e.getLocation().getColumnNr(),
                  e.getOriginalMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return strict.toString();
  }
}

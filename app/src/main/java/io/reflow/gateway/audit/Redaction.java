package io.reflow.gateway.audit;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import io.reflow.gateway.config.AuditBodiesConfig;
import io.reflow.gateway.protocol.RawJson;
import java.io.IOException;
import java.io.Writer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Takes out of JSON what must not be recorded: members with certain names, wherever they are, and
/// what a path names. Texts that hold JSON themselves are looked into, and in other texts
/// `password=...` and the like is taken out. The result is cut to a length, after all that.
final class Redaction {

  static final String REDACTED = "[redacted]";

  private static final String CUT = "…";
  private static final int CUT_BYTES = 3;
  private static final int DEEPEST_TEXT = 3;
  private static final JsonFactory JSON = new JsonFactory();
  private static final List<String> ALWAYS =
      List.of(
          "password",
          "passwd",
          "passphrase",
          "secret",
          "token",
          "apikey",
          "authorization",
          "cookie",
          "credential",
          "privatekey",
          "accesskey",
          "sessionid");

  private final int longest;
  private final List<String> names;
  private final List<BodyPath> paths;
  private final Pattern inText;

  Redaction(AuditBodiesConfig config) {
    this.longest = config.maxSize().toInt();
    this.names =
        Stream.concat(ALWAYS.stream(), config.redactNames().stream())
            .map(Redaction::plain)
            .filter(name -> !name.isEmpty())
            .distinct()
            .toList();
    this.paths = config.redactPaths().stream().map(BodyPath::parse).toList();
    this.inText =
        Pattern.compile(
            names.stream()
                .map(Redaction::spelled)
                .collect(
                    Collectors.joining(
                        "|",
                        "([\\w-]{0,40}(?:",
                        ")[\\w-]{0,40}\\\\?[\"']?\\s{0,4}[:=]\\s{0,4})"
                            + "((?:bearer|basic)\\s+\\S+|\\\\?\"[^\"]*\"?|'[^']*'?|[^\\s,;&\"']+)")),
            Pattern.CASE_INSENSITIVE);
  }

  /// @param name what the paths know the value as: `$.name`
  String of(RawJson value, String name) {
    var out = new Bounded(longest);
    try (JsonParser in = JSON.createParser(value.array(), value.from(), value.length())) {
      if (in.nextToken() != null) {
        write(in, out, Optional.of(name), 0);
      }
    } catch (IOException _) {
      out.end();
    }
    return out.text();
  }

  /// The `result` or `error` of a response; empty when it has neither.
  Optional<String> ofAnswer(RawJson message) {
    try (JsonParser in = JSON.createParser(message.array(), message.from(), message.length())) {
      if (in.nextToken() != JsonToken.START_OBJECT) {
        return Optional.empty();
      }
      for (@Nullable String name = in.nextFieldName(); name != null; name = in.nextFieldName()) {
        JsonToken _ = in.nextToken();
        if (name.equals("result") || name.equals("error")) {
          var out = new Bounded(longest);
          try {
            write(in, out, Optional.of(name), 0);
          } catch (IOException _) {
            out.end();
          }
          return Optional.of(out.text());
        }
        var _ = in.skipChildren();
      }
    } catch (IOException _) {
      // What can't be read is not recorded.
    }
    return Optional.empty();
  }

  /// Copies the value that the parser stands at, until there is no more room.
  private void write(JsonParser in, Bounded out, Optional<String> root, int depth)
      throws IOException {
    JsonStreamContext top = in.getParsingContext();
    int base = top.getNestingDepth() - (in.currentToken().isStructStart() ? 1 : 0);
    JsonGenerator to = JSON.createGenerator(out);
    int open = 0;
    do {
      JsonToken token = in.currentToken();
      if (token == JsonToken.FIELD_NAME) {
        to.writeFieldName(in.currentName());
      } else if (token.isStructEnd()) {
        open--;
        to.copyCurrentEvent(in);
      } else if (hidden(in, base, root)) {
        var _ = in.skipChildren();
        to.writeString(REDACTED);
      } else if (token == JsonToken.VALUE_STRING) {
        to.writeString(text(in.getText(), depth));
      } else if (token.isNumeric()) {
        to.writeNumber(in.getText());
      } else {
        open += token.isStructStart() ? 1 : 0;
        to.copyCurrentEvent(in);
      }
    } while (open > 0 && in.nextToken() != null);
    to.flush();
  }

  private boolean hidden(JsonParser in, int base, Optional<String> root) {
    JsonStreamContext context = in.getParsingContext();
    JsonStreamContext within = in.currentToken().isStructStart() ? context.getParent() : context;
    if (within.getNestingDepth() == base) {
      return root.isPresent() && pathNames(List.of(root.get()));
    }
    if (within.inObject() && named(within.getCurrentName())) {
      return true;
    }
    return root.isPresent() && !paths.isEmpty() && pathNames(place(within, base, root.get()));
  }

  private boolean named(String name) {
    String plain = plain(name);
    return names.stream().anyMatch(plain::contains);
  }

  private boolean pathNames(List<String> place) {
    return paths.stream().anyMatch(path -> path.matches(place));
  }

  private static List<String> place(JsonStreamContext within, int base, String root) {
    Deque<String> place = new ArrayDeque<>();
    for (JsonStreamContext each = within; each.getNestingDepth() > base; each = each.getParent()) {
      place.addFirst(
          each.inArray() ? Integer.toString(each.getCurrentIndex()) : each.getCurrentName());
    }
    place.addFirst(root);
    return new ArrayList<>(place);
  }

  private String text(String whole, int depth) {
    String start = whole.stripLeading();
    if (depth < DEEPEST_TEXT && (start.startsWith("{") || start.startsWith("["))) {
      Optional<String> json = json(whole, depth + 1);
      if (json.isPresent()) {
        return json.get();
      }
    }
    // More is not recorded anyway; what is taken out makes it shorter at most by a few words.
    String first = whole.length() <= 2 * longest ? whole : whole.substring(0, 2 * longest) + CUT;
    Matcher found = inText.matcher(first);
    return found.replaceAll("$1" + Matcher.quoteReplacement(REDACTED));
  }

  /// The text with nothing in it that must not be recorded, if it is JSON as far as it is looked
  /// at.
  private Optional<String> json(String text, int depth) {
    var out = new Bounded(2 * longest);
    try (JsonParser in = JSON.createParser(text)) {
      if (in.nextToken() == null) {
        return Optional.empty();
      }
      write(in, out, Optional.empty(), depth);
      return in.nextToken() == null ? Optional.of(out.text()) : Optional.empty();
    } catch (Full _) {
      return Optional.of(out.text());
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private static String plain(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]", "");
  }

  /// However the words of a name are joined.
  private static String spelled(String name) {
    return switch (name) {
      case "apikey" -> "api[ _-]?key";
      case "privatekey" -> "private[ _-]?key";
      case "accesskey" -> "access[ _-]?key";
      case "sessionid" -> "session[ _-]?id";
      default -> Pattern.quote(name);
    };
  }

  /// There is no more room.
  private static final class Full extends IOException {

    private static final long serialVersionUID = 1;

    Full() {
      super("full");
    }
  }

  /// Takes as much text as fits into a number of bytes.
  private static final class Bounded extends Writer {

    private final StringBuilder text = new StringBuilder();
    private final int most;
    private int bytes;
    private boolean cut;

    Bounded(int most) {
      this.most = most - CUT_BYTES;
    }

    @Override
    public void write(char[] chars, int from, int count) throws IOException {
      for (int i = from; i < from + count; i++) {
        int more = size(chars[i]);
        if (bytes + more > most) {
          end();
          throw new Full();
        }
        bytes += more;
        text.append(chars[i]);
      }
    }

    /// Each half of a pair counts for half of its four bytes.
    private static int size(char each) {
      if (each < 0x80) {
        return 1;
      }
      return each < 0x800 || Character.isSurrogate(each) ? 2 : 3;
    }

    void end() {
      cut = true;
    }

    String text() {
      if (!cut) {
        return text.toString();
      }
      int last = text.length() - 1;
      if (last >= 0 && Character.isHighSurrogate(text.charAt(last))) {
        text.setLength(last);
      }
      return text + CUT;
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}

package io.reflow.gateway.session;

import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What the id of an event says: where its reader was, and which requests had no answer yet. A
/// client brings it along when its connection broke, to whichever replica: nothing has to be
/// written down for the case that the one that worked on its request is gone.
///
/// @param stream by its name
/// @param number of the event in the stream
/// @param unanswered the ids of requests, as JSON
record EventId(String stream, long number, List<RawJson> unanswered) {

  /// More than this is left out: the id comes back as a header.
  private static final int LONGEST = 512;

  private static final Pattern FORM =
      Pattern.compile("([0-9a-z.]{1,40})-(\\d{1,15})(?:\\.([0-9A-Za-z_.-]{1,1024}))?");

  EventId {
    unanswered = List.copyOf(unanswered);
  }

  static String of(String stream, long number, Collection<RawJson> unanswered) {
    var id = new StringBuilder(stream).append('-').append(number);
    int room = LONGEST;
    for (RawJson request : unanswered) {
      room -= request.length();
      if (room < 0) {
        break;
      }
      id.append('.')
          .append(Base64.getUrlEncoder().withoutPadding().encodeToString(request.toBytes()));
    }
    return id.toString();
  }

  /// Empty when it is no such id. It is what a client says: it can name what it likes as
  /// unanswered, and is told of that itself.
  static Optional<EventId> read(String text) {
    Matcher parts = FORM.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    List<RawJson> unanswered = new ArrayList<>();
    if (parts.group(3) != null) {
      for (String encoded : parts.group(3).split("\\.", -1)) {
        request(encoded).ifPresent(unanswered::add);
      }
    }
    return Optional.of(new EventId(parts.group(1), Long.parseLong(parts.group(2)), unanswered));
  }

  private static Optional<RawJson> request(String encoded) {
    try {
      String id = new String(Base64.getUrlDecoder().decode(encoded), StandardCharsets.UTF_8);
      byte[] asked =
          "{\"jsonrpc\":\"2.0\",\"method\":\"\",\"id\":%s}"
              .formatted(id)
              .getBytes(StandardCharsets.UTF_8);
      return MessageReader.read(asked, 0, asked.length) instanceof Message.Request request
              && request.id().toString().equals(id)
          ? Optional.of(RawJson.of(id))
          : Optional.empty();
    } catch (IllegalArgumentException | MalformedMessage _) {
      return Optional.empty();
    }
  }
}

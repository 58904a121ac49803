package io.reflow.gateway.mcp;

import io.reflow.gateway.fault.GatewayException.InvalidParams;
import io.reflow.gateway.fault.GatewayException.MethodNotFound;
import io.reflow.gateway.protocol.JsonObject;
import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.Message;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.session.Questions;
import io.reflow.gateway.session.Session;
import io.reflow.gateway.session.Sessions;
import io.reflow.gateway.target.Target;
import io.reflow.gateway.upstream.InputRequest;
import java.util.List;

/// What the gateway answers itself in a session: the handshake, pings, levels, and the
/// notifications of clients. Nothing here waits for a target.
final class LocalAnswers {

  private final Sessions sessions;
  private final Introduction introduction;
  private final WarmUp warmUp;
  private final ListChanges changes;
  private final SessionFeeds feeds;
  private final RootChanges roots;
  private final UnknownNotifications unknown;

  LocalAnswers(
      Sessions sessions,
      Introduction introduction,
      WarmUp warmUp,
      ListChanges changes,
      SessionFeeds feeds,
      RootChanges roots,
      UnknownNotifications unknown) {
    this.sessions = sessions;
    this.introduction = introduction;
    this.warmUp = warmUp;
    this.changes = changes;
    this.feeds = feeds;
    this.roots = roots;
    this.unknown = unknown;
  }

  Reply answer(Call.InSession call) throws InterruptedException {
    if (!call.call().batch().isEmpty()) {
      return new Reply.Batched(call.session(), call.call().batch());
    }
    if (call.message().isEmpty()) {
      sessions.end(call.session());
      return new Reply.Closed();
    }
    return switch (call.message().get()) {
      case Message.Request request -> answer(call, request);
      case Message.Notification notification -> {
        take(call, notification);
        yield new Reply.Accepted();
      }
      case Message.Result(var id, var result) -> {
        call.session().conversation().questions().answer(id, new InputRequest.Answer.Given(result));
        yield new Reply.Accepted();
      }
      case Message.Failure(var id, var error) -> {
        Questions questions = call.session().conversation().questions();
        id.ifPresent(known -> questions.answer(known, new InputRequest.Answer.Refused(error)));
        yield new Reply.Accepted();
      }
    };
  }

  private Reply answer(Call.InSession call, Message.Request request) {
    return switch (request.method()) {
      case "initialize" -> initialize(call, request);
      case "ping" -> Replies.result(request.id(), RawJson.EMPTY_OBJECT);
      case "logging/setLevel" -> {
        setLevel(call.session(), request.params());
        yield Replies.result(request.id(), RawJson.EMPTY_OBJECT);
      }
      case "resources/unsubscribe" -> {
        unsubscribe(call.session(), request.params());
        yield Replies.result(request.id(), RawJson.EMPTY_OBJECT);
      }
      default -> throw new MethodNotFound("Method not found: " + Refusals.quoted(request.method()));
    };
  }

  private void take(Call.InSession call, Message.Notification notification)
      throws InterruptedException {
    Session session = call.session();
    switch (notification.method()) {
      case "notifications/cancelled" ->
          notification.params().value("requestId").ifPresent(session::cancel);
      case "notifications/progress" ->
          notification
              .params()
              .value("progressToken")
              .ifPresent(token ->
                  session.conversation().questions().progress(token, notification.params().raw()));
      case "notifications/roots/list_changed" -> roots.changed(session);
      case "notifications/initialized" -> {
        // On the oldest transport the stream is there before the session.
        if (session.conversation().streams().general().connected()) {
          feeds.followLists(call);
        }
      }
      default -> unknown.fromClient(session, notification);
    }
  }

  private static void unsubscribe(Session session, JsonObject params) {
    String uri =
        params.text("uri").orElseThrow(() -> new InvalidParams("params.uri must be a string"));
    session.conversation().feeds().unsubscribe(uri);
    session.conversation().news().forget(uri);
  }

  private static void setLevel(Session session, JsonObject params) {
    String level =
        params.text("level").orElseThrow(() -> new InvalidParams("params.level must be a string"));
    session.logLevel(
        LogLevel.find(level)
            .orElseThrow(() ->
                new InvalidParams("unknown log level '%s'".formatted(Refusals.quoted(level)))));
  }

  private Reply initialize(Call.InSession call, Message.Request request) {
    Session session = call.session();
    List<Target> visible = introduction.visible(call);
    changes.begin(session);
    warmUp.start(call);
    String result =
        "{\"protocolVersion\":%s,\"capabilities\":%s,\"serverInfo\":%s%s}"
            .formatted(
                JsonText.quote(session.version().wireName()),
                introduction.capabilities(visible),
                introduction.serverInfo(session.version()),
                introduction
                    .instructions(call.caller(), visible)
                    .map(text -> ",\"instructions\":" + JsonText.quote(text))
                    .orElse(""));
    return Replies.opened(request.id(), RawJson.of(result), session.id());
  }
}

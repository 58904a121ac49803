package io.reflow.gateway.mcp;

import io.reflow.gateway.protocol.ClientCapabilities;
import io.reflow.gateway.protocol.LogLevel;
import io.reflow.gateway.protocol.MalformedMessage;
import io.reflow.gateway.protocol.MessageReader;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.translation.InputRequests;
import io.reflow.gateway.upstream.Caller;
import io.reflow.gateway.upstream.InputRequest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// A client that is asked in the words of its own revision, and whose answers are put in those of
/// the target's.
final class TranslatedCaller implements Caller {

  private final Caller client;
  private final Supplier<InputRequests> translation;

  /// @param translation looked up once something is asked: the target is known by then
  TranslatedCaller(Caller client, Supplier<InputRequests> translation) {
    this.client = client;
    this.translation = translation;
  }

  @Override
  public Map<String, InputRequest.Answer> ask(List<InputRequest> questions)
      throws InterruptedException {
    InputRequests inputs = translation.get();
    List<InputRequest> translated = new ArrayList<>(questions.size());
    for (InputRequest question : questions) {
      translated.add(translated(inputs, question));
    }
    Map<String, InputRequest.Answer> answers = new HashMap<>(client.ask(translated));
    for (InputRequest question : questions) {
      answers.computeIfPresent(question.key(), (_, answer) -> translated(inputs, question, answer));
    }
    return answers;
  }

  private static InputRequest translated(InputRequests inputs, InputRequest question) {
    RawJson params = inputs.question(question.method(), question.params());
    if (params.isSameView(question.params().raw())) {
      return question;
    }
    try {
      return new InputRequest(
          question.key(), question.method(), MessageReader.readObject(params), question.progress());
    } catch (MalformedMessage e) {
      throw new IllegalStateException("a question has become unreadable", e);
    }
  }

  private static InputRequest.Answer translated(
      InputRequests inputs, InputRequest question, InputRequest.Answer answer) {
    return switch (answer) {
      case InputRequest.Answer.Given(var result) ->
          new InputRequest.Answer.Given(
              inputs.answer(question.method(), question.params(), result));
      case InputRequest.Answer.Refused _ -> answer;
    };
  }

  @Override
  public void progress(RawJson params) {
    client.progress(params);
  }

  @Override
  public void log(RawJson params) {
    client.log(params);
  }

  @Override
  public ClientCapabilities capabilities() {
    return client.capabilities();
  }

  @Override
  public Optional<LogLevel> logLevel() {
    return client.logLevel();
  }

  @Override
  public boolean takesInputRequired() {
    return client.takesInputRequired();
  }
}

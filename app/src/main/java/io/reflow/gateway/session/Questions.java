package io.reflow.gateway.session;

import io.reflow.gateway.protocol.JsonText;
import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.InputRequest.Answer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// What the client of one session is being asked. Its answers find their question here and nowhere
/// else: an id means nothing in another session.
public final class Questions {

  private static final int MOST_PAGES = 200;

  private final AtomicLong numbers = new AtomicLong();
  private final Map<RawJson, Question> open = new ConcurrentHashMap<>();
  private final Set<String> pages = ConcurrentHashMap.newKeySet();

  /// Begins a question under an id of its own; to be closed in the end.
  public Question begin() {
    RawJson id = JsonText.string("g-" + numbers.incrementAndGet());
    var question = new Question(this, id);
    open.put(id, question);
    return question;
  }

  /// Hands an answer of the client to who waits for it. One to a question that is not open is
  /// dropped.
  public void answer(RawJson id, Answer answer) {
    Question question = open.get(id);
    if (question != null) {
      question.answer(answer);
    }
  }

  /// The client works on a question: a sign of life.
  ///
  /// @param id also serves as the question's progress token
  public void progress(RawJson id, RawJson params) {
    Question question = open.get(id);
    if (question != null) {
      question.progress(params);
    }
  }

  /// Remembers that the client was sent to a page, under the target's name for that.
  public void sentTo(String elicitationId) {
    if (pages.size() >= MOST_PAGES) {
      pages.clear();
    }
    pages.add(elicitationId);
  }

  /// Whether the client was sent to that page, and has not heard yet that it is through with it.
  public boolean forgetPage(String elicitationId) {
    return pages.remove(elicitationId);
  }

  void remove(RawJson id) {
    open.remove(id);
  }
}

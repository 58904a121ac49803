package io.reflow.gateway.mcp.flight;

import io.reflow.gateway.protocol.RawJson;
import io.reflow.gateway.upstream.Answer;
import io.reflow.gateway.upstream.InputRequest;
import java.util.List;
import java.util.Optional;

/// Why a request that waits for a [Flight] has to wait no longer.
public sealed interface Landing {

  /// The target has answered.
  record Answered(Answer answer) implements Landing {}

  /// The target wants to know these, and the call goes on when its client has said so.
  ///
  /// @param round to be named by the request that answers
  /// @param history with which the call could be made again, if it may be
  record Asking(int round, List<InputRequest> questions, Optional<RawJson> history)
      implements Landing {

    public Asking {
      questions = List.copyOf(questions);
    }
  }

  /// The call has failed.
  record Failed(RuntimeException why) implements Landing {}

  /// The call was ended from outside.
  ///
  /// @param forbidden its caller may no longer have the answer
  record Ended(boolean forbidden) implements Landing {}
}

package io.reflow.operator.testing;

import java.util.List;
import java.util.Map;

/// What a [Node] runs for the name of an image: a program of this machine.
///
/// The program listens on the port that its variable `PORT` names, whatever port the pod names: all
/// pods of a node share this machine's network.
///
/// @param entryPoint what a pod's `command` takes the place of
/// @param arguments what a pod's `args` take the place of
/// @param environment besides what the pod says
public record Image(
    List<String> entryPoint, List<String> arguments, Map<String, String> environment) {

  /// An image without arguments and variables.
  public static Image of(List<String> entryPoint) {
    return new Image(entryPoint, List.of(), Map.of());
  }
}

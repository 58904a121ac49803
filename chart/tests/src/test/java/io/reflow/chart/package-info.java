/// The chart as Helm itself renders it, looked at as Kubernetes, the gateway and the operator
/// would.
@NullMarked
package io.reflow.chart;

import org.jspecify.annotations.NullMarked;

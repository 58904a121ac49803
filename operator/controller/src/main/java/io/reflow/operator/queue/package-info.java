/// Names that wait for work; knows neither instances nor the cluster.
@NullMarked
package io.reflow.operator.queue;

import org.jspecify.annotations.NullMarked;

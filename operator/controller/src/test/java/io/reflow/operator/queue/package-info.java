@NullMarked
package io.reflow.operator.queue;

import org.jspecify.annotations.NullMarked;

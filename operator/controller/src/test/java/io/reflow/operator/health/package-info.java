@NullMarked
package io.reflow.operator.health;

import org.jspecify.annotations.NullMarked;

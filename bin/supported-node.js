/** Which Node this package runs on, from `engines` in package.json. Written so that any Node, however old, can read it. */
'use strict';

var wanted = require('../package.json').engines.node;

/** Whether `version` (`24.21.0`) is in a range of the forms `^a.b.c` and `>=a.b.c`, joined by `||`. */
function isSupported(version) {
  var actual = numbers(version);
  return wanted.split('||').some(function (range) {
    var least = numbers(range);
    return compare(actual, least) >= 0 && (range.indexOf('^') < 0 || actual[0] === least[0]);
  });
}

function numbers(text) {
  return text.match(/\d+/g).slice(0, 3).map(Number);
}

function compare(a, b) {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}

exports.wanted = wanted;
exports.isSupported = isSupported;

// What every expression finds in its context besides JavaScript itself: dates in two locales, always in UTC.
// Evaluates to the function that the child calls: (the source as JSON, most characters) → the result as JSON.
(function () {
  "use strict";
  const run = eval; // called by another name it evaluates in the global scope
  const { parse, stringify } = JSON;
  const { apply } = Reflect;
  const text = String;
  const { slice } = String.prototype;
  const { toISOString, getTime } = Date.prototype;
  const two = (number) => (number < 10 ? "0" : "") + number;
  const four = (number) => text(number).padStart(4, "0");

  // ---------------------------------------------------------------- dates

  const LOCALES = {
    __proto__: null,
    "en-US": {
      order: ["month", "day", "year"],
      sign: "/",
      usual: "numeric",
      comma: ", ",
      time: (date) =>
        `${date.getUTCHours() % 12 || 12}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ` +
        (date.getUTCHours() < 12 ? "AM" : "PM"),
    },
    "sv-SE": {
      order: ["year", "month", "day"],
      sign: "-",
      usual: "2-digit",
      comma: " ",
      time: (date) => [date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds()].map(two).join(":"),
    },
  };
  const PARTS = ["year", "month", "day"];
  const WIDTHS = ["numeric", "2-digit"];

  function localeOf(asked) {
    const name = asked === undefined ? "en-US" : text(Array.isArray(asked) ? asked[0] : asked);
    if (LOCALES[name] === undefined) {
      throw new RangeError(`the locale ${name} is not known here, only en-US and sv-SE`);
    }
    return LOCALES[name];
  }

  function optionsOf(asked, parts) {
    const given = { __proto__: null };
    for (const [name, value] of Object.entries(asked || {})) {
      if (value === undefined || (name === "timeZone" && value === "UTC")) continue;
      if (!parts.includes(name) || !WIDTHS.includes(value)) {
        throw new RangeError(`the option ${name}: ${text(value)} is not known here`);
      }
      given[name] = value;
    }
    return given;
  }

  function part(date, name, width) {
    if (name === "year") return width === "2-digit" ? two(date.getUTCFullYear() % 100) : four(date.getUTCFullYear());
    const number = name === "month" ? date.getUTCMonth() + 1 : date.getUTCDate();
    return width === "2-digit" ? two(number) : text(number);
  }

  function day(date, locale, given) {
    const all = Object.keys(given).length === 0;
    const width = (name) => given[name] || (all ? (name === "year" ? "numeric" : locale.usual) : undefined);
    const shown = locale.order.filter(width);
    return shown.map((name) => part(date, name, width(name))).join(locale.sign);
  }

  function localised(parts, show) {
    return function (locales, options) {
      const locale = localeOf(locales);
      const given = optionsOf(options, parts);
      return isNaN(apply(getTime, this, [])) ? "Invalid Date" : show(this, locale, given);
    };
  }

  const shown = {
    toLocaleDateString: localised(PARTS, day),
    toLocaleTimeString: localised([], (date, locale) => locale.time(date)),
    toLocaleString: localised([], (date, locale) => day(date, locale, {}) + locale.comma + locale.time(date)),
  };
  for (const name of Object.keys(shown)) {
    Object.defineProperty(Date.prototype, name, { value: shown[name], writable: true, configurable: true });
  }

  // ---------------------------------------------------------------- results

  function isDate(value) {
    try {
      apply(getTime, value, []);
      return true;
    } catch (error) {
      return false;
    }
  }

  function result(value) {
    if (value === undefined) return ["undefined", ""];
    if (value === null) return ["null", "null"];
    if (typeof value === "object" && isDate(value)) return ["string", apply(toISOString, value, [])];
    if (typeof value === "object" || typeof value === "function" || typeof value === "symbol") {
      throw new TypeError(`the result is of type ${typeof value}, not a text, a number, a boolean, a date or null`);
    }
    return [typeof value, text(value)];
  }

  function answer(source, most) {
    const [kind, value] = result(run(parse(source)));
    if (value.length > most) throw new RangeError(`the result is longer than ${most} characters`);
    return stringify({ __proto__: null, kind, text: value });
  }

  function told(error) {
    try {
      return apply(slice, text(error), [0, 200]);
    } catch (another) {
      return "an error without words";
    }
  }

  return function (source, most) {
    try {
      return answer(source, most);
    } catch (error) {
      return stringify({ __proto__: null, failed: told(error) });
    }
  };
})();

// The start page as somebody else may see it: the page is fetched again with a token, which is kept nowhere.
"use strict";

document.getElementById("token").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const token = form.elements.token.value.trim();
  const answer = await fetch(location.href, token ? { headers: { Authorization: `Bearer ${token}` } } : {});
  const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  form.querySelector("output").textContent = answer.ok ? "" : "This token is not good.";
  if (answer.ok && found) document.querySelector("main").replaceWith(found);
});

// want [true,false,"ÉÑ",true,true,true,false,["ab","Ωλ"],true,true]
const twice = () => /^\p{Lu}+$/u
export const result = [
  /^\p{L}+$/u.test("straße"), /^\P{L}+$/u.test("a1"), "aÉÑb".match(/\p{Lu}+/u)![0],
  /\p{Emoji_Presentation}/u.test("🚀"), /^[\p{Script=Greek}\d_]+$/u.test("λ1_"), /^\p{Lu}$/iu.test("é"),
  /^[^\p{L}]+$/u.test("12x"), "ab Ωλ".match(/\p{Alphabetic}+/gu), twice() !== twice(), new RegExp("^\\p{Nd}$", "u").test("٣"),
]

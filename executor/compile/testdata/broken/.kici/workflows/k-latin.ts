export default ÿþ;

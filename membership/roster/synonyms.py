"""What offices call the fields, in Chinese and English; compared folded (`characters.fold`).

Traditional forms fold onto the simplified ones, so each name stands here once.
"""

from typing import Final

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "member_number": (
        "会员号", "会员编号", "会员证号", "会员代码", "会员编码", "会员号码", "会员证编号",
        "会员卡号", "会员id", "会籍号", "会籍编号", "入会编号", "会员登记号", "会员证书号",
        "会员证号码", "学会会员号", "会员登记证号", "会员代号", "证号", "会员序号", "证书编号",
        "编号", "会号", "membernumber", "memberno", "memberno.", "membershipnumber", "membershipno",
        "membershipno.", "membershipid", "memberid", "membershipcardno", "membershipcardnumber",
        "membercardno", "memno", "membno", "member#", "membercode", "cardnumber", "cardno",
        "registrationnumber", "id", "no.", "会员no", "会员证书编号", "会员卡编号", "会籍号码",
        "membership#", "memberid#", "membernr", "membershipnr", "regno", "regno.", "mno",
    ),
    "name": (
        "姓名", "会员姓名", "名字", "中文姓名", "中文名", "真实姓名", "人员姓名", "会员",
        "个人姓名", "姓名中文", "会员名称", "会员名", "name", "fullname", "membername",
        "chinesename", "nameinchinese", "namechinese", "membersname", "nameofmember", "nativename",
        "displayname", "namezh", "人名", "名称", "nameinfull", "member", "surnameandgivenname",
        "givenandfamilyname", "familyandgivenname", "surnameandfirstname", "givennameandsurname",
    ),
    "name_latin": (
        "英文名", "英文姓名", "拼音", "姓名拼音", "外文名", "外文姓名", "拼音姓名", "英文名字",
        "汉语拼音", "姓名英文", "护照姓名", "罗马拼音", "namelatin", "englishname", "pinyin",
        "nameinenglish", "nameenglish", "latinname", "romanizedname", "romanisedname",
        "nameinpinyin", "namepinyin", "nameen", "transliteration", "passportname",
    ),
    "class": (
        "会员类别", "会员类型", "会员种类", "类别", "类型", "会员分类", "会员性质", "入会类别",
        "会员身份", "会籍类别", "会籍类型", "人员类别", "class", "memberclass", "membershipclass",
        "membertype", "membershiptype", "type", "category", "membercategory", "membershipcategory",
        "kind", "typeofmembership",
    ),
    "grade": (
        "会员级别", "会员等级", "级别", "等级", "会员层级", "会员层次", "会籍级别", "会籍等级",
        "会员档次", "会员资格", "会员头衔", "会员称号", "资格", "grade", "membergrade",
        "membershipgrade", "level", "memberlevel", "membershiplevel", "rank", "tier",
        "membershiptier", "gradeofmembership", "membershiprank", "levelofmembership",
    ),
    "branch": (
        "分会", "专业委员会", "专委会", "所属分会", "分支机构", "所属专委会", "所属专业委员会",
        "所属分支机构", "工作委员会", "所属机构", "所在分会", "所属二级学会", "二级学会",
        "二级分会", "所属专业学会", "学组", "分支", "会员小组", "branch", "section", "chapter",
        "division", "technicalcommittee", "committee", "subcommittee", "specialtycommittee",
        "localsection", "specialinterestgroup", "sig",
    ),
    "since": (
        "入会日期", "入会时间", "入会年月", "会籍起始", "会籍开始", "有效期起", "有效期自",
        "加入日期", "起始日期", "开始日期", "生效日期", "注册日期", "批准日期", "入会年份",
        "有效期开始", "会龄起点", "加入时间", "批准时间", "生效时间", "入会批准日期", "起始时间",
        "开始时间", "批准入会日期", "since", "joindate", "joined", "joinedon", "dateofjoining",
        "startdate", "memberssince", "membersince", "joiningdate", "joiningon", "enrolmentdate",
        "enrollmentdate", "validfrom", "from", "admissiondate", "dateofadmission", "electiondate",
        "datejoined", "start", "effectivedate", "起", "起始", "登记日期", "登记时间",
        "会员登记日期", "会籍登记日期", "dateofmembership", "membershipdate", "注册时间",
        "注册年月", "注册日", "登记年月", "登记日", "批准日", "批准年月", "成为会员时间",
        "成为会员日期", "起算日期", "起算日", "入本会时间", "入本会日期", "registered",
        "registeredon", "registereddate", "registrationdate", "dateofregistration",
        "dateregistered", "approvedon", "approvaldate", "dateapproved", "dateofapproval",
        "activesince", "inductiondate", "inducted", "memsince",
    ),
    "until": (
        "有效期", "有效期至", "有效期止", "到期日期", "到期时间", "到期年月", "会籍到期",
        "截止日期", "失效日期", "会籍有效期", "有效日期", "终止日期", "会籍截止", "有效期限",
        "会费有效期", "会籍期限", "结束日期", "会员有效期", "届满日期", "到期日", "有效期结束",
        "会费缴至", "会费交至", "缴费至", "会费有效期至", "截止时间", "结束时间", "失效时间",
        "终止时间", "until", "validuntil", "expirydate", "expirationdate", "expires", "expireson",
        "expiry", "validto", "validthrough", "validthru", "paidto", "paidup", "paidupto",
        "duespaidto", "enddate", "to", "paidthrough", "membershipexpires", "end", "renewaldate",
        "paiduntil", "止", "到期", "截止", "失效日", "ends", "效期",
    ),
    "email": (
        "邮箱", "电子邮箱", "电子邮件", "邮件", "e-mail", "email", "邮箱地址", "电邮", "联系邮箱",
        "电子信箱", "电邮地址", "电子邮件地址", "常用邮箱", "个人邮箱", "信箱", "伊妹儿",
        "邮件地址", "电子邮箱地址", "email地址", "qq邮箱", "mail", "emailaddress", "e-mailaddress",
        "contactemail", "mailaddress", "primaryemail", "electronicmail", "workemail",
        "mailbox", "emailaddr",
    ),
    "mobile": (
        "手机", "手机号", "手机号码", "移动电话", "联系电话", "电话", "联系方式", "电话号码",
        "联系手机", "手提电话", "行动电话", "本人手机", "联络电话", "手机电话", "电话手机",
        "常用电话", "mobile", "mobilephone", "mobileno", "mobileno.", "mobilenumber", "cell",
        "cellphone", "phone", "phonenumber", "telephone", "tel", "tel.", "contactnumber", "phoneno",
        "cellular", "telephonenumber", "telephoneno", "telno", "telno.", "contactno", "contactno.",
        "contactphone", "mobilephonenumber", "cellphonenumber",
        "联络方式", "手提", "行动", "联络手机", "mob", "mobiletel", "cell#", "handphone",
    ),
    "employer": (
        "工作单位", "单位", "单位名称", "所在单位", "就职单位", "任职单位", "服务单位", "供职单位",
        "现工作单位", "所属单位", "学校单位", "机构", "公司", "服务机关", "任职机构", "单位学校",
        "就读学校", "学校", "院校", "所在院校", "工作单位名称", "employer", "organisationname",
        "organizationname", "institutionname", "companyname", "employername", "nameofemployer",
        "affiliation", "organization", "organisation", "institution", "company", "workplace",
        "university", "institute", "workunit", "placeofwork",
        "服务机构", "placeofemployment",
    ),
    "title": (
        "职称", "专业技术职务", "技术职称", "专业职称", "职务职称", "职称职务", "职务",
        "专业技术职称", "现任职称", "学术职称", "技术职务", "岗位", "职位", "title", "jobtitle",
        "academictitle", "professionaltitle", "position", "academicrank", "post", "rankoftitle",
        "role", "designation", "professionalrank", "occupation",
    ),
    "birth_date": (
        "出生日期", "出生年月", "生日", "出生年月日", "出生时间", "出生", "生年月日", "出生日",
        "生辰", "出生年份", "诞生日期", "出生年", "birthdate", "dateofbirth", "dob", "birthday",
        "born", "birth", "d.o.b.", "d.o.b", "bornon", "yearofbirth", "birthyear", "birthdt",
    ),
    "gender": (
        "性别", "男女", "男女性别", "性別男女", "会员性别", "性別", "生理性别", "本人性别", "性",
        "男或女", "性别代码", "人员性别", "gender", "sex", "m/f", "male/female", "malefemale",
        "gndr", "gendermf", "sexmf", "memberssex", "membergender", "mf", "malefemalesex",
    ),
    "orcid": (
        "orcid", "orcidid", "orcid号", "orcid编号", "orcid号码", "orcid标识", "orcid识别码",
        "orcid代码", "学者标识", "科研人员标识", "研究者标识", "开放研究者标识", "orcidid号",
        "学者识别码", "orcidnumber", "orcididentifier", "researcherid", "orcidurl", "orcidlink",
        "orcidno", "orcidno.", "openresearcherid", "orcidcode", "orcidprofile",
    ),
    "national_id": (
        "身份证号", "身份证", "身份证号码", "证件号", "证件号码", "公民身份号码", "居民身份证",
        "身份证件号", "居民身份证号", "居民身份证号码", "身份证件号码", "有效证件号码",
        "身份证明号码", "护照号", "护照号码", "通行证号", "身分证字号", "身分证号", "身分证",
        "nationalid", "idnumber", "idcard", "idcardno", "idcardnumber", "identitynumber",
        "identitycard", "idno", "idno.", "citizenid", "residentid", "passportnumber", "passportno",
        "passport", "nationalidnumber", "identitycardnumber", "documentnumber", "iddocument",
        "hkid", "hkidno", "hkidnumber", "香港身份证", "香港身份证号",
        "台胞证", "台胞证号", "台胞证号码", "回乡证", "回乡证号", "回乡证号码", "身份证编号",
        "港澳居民来往内地通行证", "港澳居民来往内地通行证号", "港澳居民来往内地通行证号码",
        "台湾居民来往大陆通行证", "台湾居民来往大陆通行证号", "idpassportno", "idpassportnumber",
        "idorpassportno", "passportidno",
    ),
}  # fmt: skip
"""At least twelve names a field; the first ones are the surest."""

UNSURE: Final[dict[str, float]] = {
    "编号": 0.7, "证号": 0.6, "no.": 0.6, "id": 0.6, "会员": 0.75, "类别": 0.8, "类型": 0.8,
    "type": 0.8, "级别": 0.85, "等级": 0.85, "资格": 0.75, "level": 0.85, "rank": 0.8, "分支": 0.8,
    "学组": 0.8, "committee": 0.8, "from": 0.7, "to": 0.65, "start": 0.75, "end": 0.75,
    "注册日期": 0.8, "批准时间": 0.85, "有效期": 0.9, "有效期限": 0.9, "会费有效期": 0.8,
    "电话": 0.8, "联系电话": 0.85, "联系方式": 0.75, "电话号码": 0.8, "phone": 0.85, "tel": 0.8,
    "tel.": 0.8, "telephone": 0.8, "phonenumber": 0.85, "phoneno": 0.85, "contactnumber": 0.8,
    "telephonenumber": 0.85, "telephoneno": 0.8, "telno": 0.8, "telno.": 0.8, "contactno": 0.8,
    "contactno.": 0.8, "contactphone": 0.85, "院校": 0.75, "所在院校": 0.8, "缴费至": 0.8,
    "paidup": 0.7, "截止时间": 0.85, "结束时间": 0.75, "开始时间": 0.75, "终止时间": 0.85,
    "sig": 0.8, "常用电话": 0.8, "联络电话": 0.85, "职务": 0.8, "岗位": 0.75, "职位": 0.8,
    "position": 0.8, "post": 0.7, "role": 0.65, "学校": 0.75, "机构": 0.75, "公司": 0.85,
    "就读学校": 0.8, "institute": 0.8, "信箱": 0.8, "性": 0.7, "renewaldate": 0.7, "证书编号": 0.75,
    "资格证号": 0.6, "rankoftitle": 0.7, "occupation": 0.75, "researcherid": 0.7, "会员序号": 0.8,
    "mail": 0.85, "category": 0.8, "kind": 0.75, "会员身份": 0.8, "会员名称": 0.9,
    "registrationnumber": 0.8, "cardno": 0.8, "cardnumber": 0.8, "section": 0.8, "division": 0.75,
    "通行证号": 0.9, "起": 0.7, "起始": 0.75, "登记日期": 0.75, "登记时间": 0.75, "止": 0.7,
    "dateofmembership": 0.8, "membershipdate": 0.75, "到期": 0.85, "截止": 0.75, "ends": 0.75,
    "效期": 0.85, "regno": 0.8, "regno.": 0.8, "mno": 0.7, "名称": 0.6, "member": 0.75,
    "注册时间": 0.75, "注册年月": 0.75, "注册日": 0.75, "登记年月": 0.75, "登记日": 0.75,
    "registered": 0.7, "registeredon": 0.75, "registereddate": 0.75, "registrationdate": 0.75,
    "dateofregistration": 0.75, "dateregistered": 0.75, "approvedon": 0.75, "approvaldate": 0.75,
    "dateapproved": 0.75, "dateofapproval": 0.75, "inducted": 0.75, "批准日": 0.85,
    "批准年月": 0.85,
    "手提": 0.85, "行动": 0.7, "联络方式": 0.75, "mob": 0.85, "mailbox": 0.85,
}  # fmt: skip
"""Names that other columns go by as well; every other name is certain (1.0)."""

SENSITIVE: Final = (
    "政治面貌", "政治面目", "党派", "党派团体", "所属党派", "民主党派", "参加党派", "是否党员",
    "党员", "中共党员", "入党时间", "入党日期", "党籍", "政治身份", "政治背景", "民族", "族别",
    "所属民族", "种族", "族群", "宗教", "宗教信仰", "信仰", "信教情况", "宗教派别",
    "politicalstatus", "politicalaffiliation", "politicalparty", "party", "partymembership",
    "ethnicity", "ethnic", "ethnicgroup", "nation", "nationality(ethnic)", "race", "religion",
    "religiousbelief", "faith", "belief", "politicaloutlook",
)  # fmt: skip
"""Columns that are recognised in order not to be imported (DESIGN 4.12)."""

IGNORED: Final = (
    "序号", "序", "行号", "顺序号", "排序", "s/n", "sn", "s.no", "s.no.", "#", "no", "№", "行次",
    "item", "seq", "seqno", "sequence", "row", "rowno", "index", "serial", "serialno",
)  # fmt: skip
"""Columns that count the rows."""

EXCLUDED: Final = (
    "备注", "证件类型", "证件类别", "证件种类", "单位地址", "通讯地址", "通信地址", "地址", "邮编",
    "邮政编码", "传真", "办公电话", "单位电话", "固定电话", "家庭电话", "座机", "学历", "学位",
    "专业", "研究方向", "单位性质", "单位类型", "会费", "缴费金额", "缴费日期", "缴费状态", "年龄",
    "微信", "微信号", "qq", "qq号", "国籍", "籍贯", "照片", "会员状态", "状态", "organisationtype",
    "idtype", "doctype", "address", "postcode", "zipcode", "fax", "remarks", "remark", "notes",
    "note", "comment", "comments", "degree", "education", "status", "age", "officephone",
    "homephone", "wechat", "postaladdress", "zip", "major", "dues", "feepaid", "nationality",
    "country", "citizenship", "研究领域", "职称级别", "职称等级", "职务级别", "行政级别",
    "单位级别", "入会申请日期", "申请日期", "工作日期", "参加工作时间", "授予日期", "发证日期",
    "发证时间", "签发日期", "创建时间", "创建日期", "更新时间", "更新日期", "修改时间", "修改日期",
    "提交时间", "提交日期", "填表日期", "填报日期", "导出时间", "导出日期", "登录时间", "入职时间",
    "入职日期", "聘任日期", "毕业时间", "毕业日期", "缴费时间", "交费日期", "交费时间", "created",
    "createdat", "createdon", "updated", "updatedat", "updatedon", "modified", "lastlogin",
    "paymentdate", "dateofpayment", "hiredate", "membership",
)  # fmt: skip
"""Names that hold another field's name in them, but mean something that a roster does not keep."""

HALVES: Final[dict[str, tuple[str, ...]]] = {
    "family": (
        "姓", "姓氏", "中文姓", "中文姓氏", "姓中文", "familynamechinese", "lastnamechinese",
        "surnamechinese", "姓名姓",
    ),
    "given": (
        "名", "名中文", "givennamechinese", "firstnamechinese", "姓名名", "中文名名",
    ),
    "family_latin": (
        "lastname", "familyname", "surname", "last", "family", "姓拼音", "拼音姓", "姓氏拼音",
        "英文姓", "英文姓氏", "姓英文", "姓氏英文", "外文姓", "lastnameenglish",
        "familynameenglish", "surnameenglish", "lastnamepinyin", "familynamepinyin",
        "surnamepinyin", "englishlastname", "englishsurname", "namelast", "namefamily",
        "namesurname", "fullnamelast", "lastnames", "surnames", "familynames",
    ),
    "given_latin": (
        "firstname", "givenname", "forename", "first", "given", "名拼音", "拼音名", "名字拼音",
        "名英文", "名字英文", "firstnameenglish", "givennameenglish", "firstnamepinyin",
        "givennamepinyin", "englishfirstname", "englishgivenname", "namefirst", "namegiven",
        "fullnamefirst", "firstnames", "givennames", "forenames", "firstandmiddlenames",
        "firstmiddlename",
    ),
    "middle_latin": ("middlename", "middle", "middleinitial", "middlenames", "namemiddle", "mi"),
}  # fmt: skip
"""Names that stand in two columns; `joining` puts them together."""

BESIDE_FAMILY: Final[dict[str, tuple[str, ...]]] = {
    "family": ("名字",),
    "family_latin": ("英文名", "英文名字", "外文名", "name", "names"),
}
"""Whole names by themselves, given names beside a column of family names."""

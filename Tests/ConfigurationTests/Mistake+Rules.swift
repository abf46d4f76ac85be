extension Mistake {
    /// Rules that cannot work. The rules begin in column 43 of line 22.
    static let rules = table(
        #"""
        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: description, typ: value}]}
        22:79
        unknown key `typ`
        did you mean `type`?

        attributes: default
        attributes: {preset: default, rules: [{ad: info}]}
        22:43
        `objects.attributes.rules.miniorange` is missing
        miniorange: givenName

        attributes: default
        attributes: {preset: default, rules: [{ad: in fo, miniorange: info}]}
        22:48
        `in fo` is not an attribute's name
        ad: givenName

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: info, type: text}]}
        22:78
        does not know `text`
        `account-enabled`

        attributes: default
        attributes: {preset: default, rules: [{ad: assistant, miniorange: secretary}]}
        22:44
        `assistant` cannot be carried as it is
        `type: reference`

        attributes: default
        attributes: {preset: default, rules: [{ad: manager, miniorange: manager, type: value}]}
        22:84
        `manager` cannot be carried as it is
        `type: reference`

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: x, type: account-enabled}]}
        22:75
        is for AD's `userAccountControl`
        ad: userAccountControl

        attributes: default
        attributes: {preset: default, rules: [{ad: userAccountControl, miniorange: flag, type: account-enabled}]}
        22:68
        needs its values
        disabledValue

        attributes: default
        attributes: {preset: default, rules: [{ad: userAccountControl, miniorange: flag, type: account-enabled, enabledValue: a, disabledValue: a}]}
        22:141
        are the same
        its own value

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: info, unit: days}]}
        22:72
        `unit` has a meaning only with `type: account-expires`
        remove it

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: info, enabledValue: a}]}
        22:72
        `enabledValue` has a meaning only with
        remove it

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: info, maximumLength: long}]}
        22:87
        whole number from 1 to 1000000, not `long`
        maximumLength: 64

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: x, multiValued: true}]}
        22:82
        AD holds one value of `info`
        remove `multiValued`

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: x}, {ad: INFO, miniorange: y}]}
        22:70
        AD's `INFO` has a rule already, on line 22
        keep one

        attributes: default
        attributes: {preset: default, rules: [{ad: objectSid, miniorange: x}]}
        22:43
        'objectSid' belongs to AD and is never mapped
        remove the rule

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: entryUUID}]}
        22:43
        'entryUUID' belongs to the server
        remove the rule

        attributes: default
        attributes: {preset: default, rules: [{ad: unicodePwd, miniorange: x}]}
        22:43
        passwords can't be read
        remove it

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: displayName}]}
        22:43
        already written by the rule for 'ad: displayname'
        direction: to-ad

        attributes: default
        attributes: {preset: default, rules: [{ad: info, miniorange: info, fallback: [nowhere]}]}
        22:43
        no rule writes 'nowhere'
        remove the fallback
        """#
    )
}
